import ArgumentParser
import Venturi

/// The adapter of a model.
package struct AdapterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A low-rank adapter of the model: a folder that PEFT wrote, or a GGUF file; PATH:SCALE has it count so much.",
      valueName: "path[:scale]"))
  package var lora: LoRAArgument?

  package init() {}
}

/// `PATH` or `PATH:SCALE`.
package struct LoRAArgument: ExpressibleByArgument, Sendable {
  /// The adapter.
  package let source: AdapterSource

  package init?(argument: String) {
    if argument.isEmpty { return nil }
    guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex,
      let scale = Float(argument[argument.index(after: colon)...]), scale.isFinite
    else {
      source = AdapterSource(path: argument, name: "lora")
      return
    }
    source = AdapterSource(path: String(argument[..<colon]), name: "lora", scale: scale)
  }
}
