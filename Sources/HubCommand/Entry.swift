import ArgumentParser
import Console

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the program starts; `venturi pull hf:…` becomes this one.
@main
enum Entry {
  static func main() {
    StandardFiles.occupy()
    Interrupts.install()
    exit(HubProgram.execute(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
