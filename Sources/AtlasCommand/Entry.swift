import ArgumentParser
import Console

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the program starts; `venturi reproduce` becomes this one.
@main
enum Entry {
  static func main() {
    StandardFiles.occupy()
    Interrupts.install()
    exit(AtlasProgram.execute(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
