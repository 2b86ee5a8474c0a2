import Console

/// Where the program starts; `venturi train` becomes this one.
@main
enum Entry {
  static func main() { TrainProgram.start(Array(CommandLine.arguments.dropFirst())) }
}
