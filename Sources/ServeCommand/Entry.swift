import Console

/// Where the program starts; `venturi serve` becomes this one.
@main
enum Entry {
  static func main() { ServeProgram.start(Array(CommandLine.arguments.dropFirst())) }
}
