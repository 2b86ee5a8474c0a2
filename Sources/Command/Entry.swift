import ArgumentParser
import CVenturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the program starts.
@main
enum Entry {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // Asked often, by scripts: answered before anything else is set up.
    if arguments == ["--version"] {
      Output.answer(Version.text)
      exit(0)
    }
    Siblings.dispatch(arguments)
    Interrupts.install()
    exit(await VenturiCommand.execute(arguments).rawValue)
  }
}
