import Console

/// Where the program starts; `venturi plan` becomes this one.
@main
enum Entry {
  static func main() { PlanProgram.start(Array(CommandLine.arguments.dropFirst())) }
}
