import Console

/// Where the program starts; `venturi pull hf:…` becomes this one.
@main
enum Entry {
  static func main() { HubProgram.start(Array(CommandLine.arguments.dropFirst())) }
}
