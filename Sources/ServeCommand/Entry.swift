import Console

/// Where the program starts; `venturi serve` becomes this one, and so do the verbs that call a server.
@main
enum Entry {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let verb = arguments.first, verb != "help", ClientProgram.verbs.contains(verb) {
      ClientProgram.start(arguments)
    }
    ServeProgram.start(arguments)
  }
}
