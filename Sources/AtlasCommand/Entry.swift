import Console

/// Where the program starts; `venturi reproduce` becomes this one.
@main
enum Entry {
  static func main() { AtlasProgram.start(Array(CommandLine.arguments.dropFirst())) }
}
