import ArgumentParser
import CVenturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the program starts.
///
/// The entry is synchronous: an asynchronous one hands the main thread to the runtime, which takes signals with it.
@main
enum Entry {
  static func main() {
    StandardFiles.occupy()
    let arguments = Array(CommandLine.arguments.dropFirst())
    // Asked often, by scripts: answered before anything else is set up.
    if arguments == ["--version"] {
      Output.answer(Version.text)
      exit(0)
    }
    Siblings.dispatch(arguments, own: VenturiCommand.verbs)
    VenturiCommand.start(arguments)
  }
}
