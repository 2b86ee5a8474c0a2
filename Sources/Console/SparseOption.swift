import ArgumentParser
import Venturi

extension BlockBudget: ExpressibleByArgument {
  /// `block:16x32+128`.
  public init?(argument: String) {
    guard let budget = try? BlockBudget(parsing: argument) else { return nil }
    self = budget
  }

  /// The budget that a user means, or why there is none.
  static func parsed(_ text: String) throws -> BlockBudget {
    do {
      if let budget = try BlockBudget(parsing: text) { return budget }
    } catch MixerError.invalidSetting(let field, let value, let expected) {
      throw ValidationError("--sparse \(text): \(field) \(value): must be \(expected)")
    }
    throw ValidationError("--sparse \(text): must be block:16xCOUNT+LAST, for example block:16x32+128")
  }
}

/// Which keys tokens see while they are generated, for verbs that generate.
package struct SparseOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What a generated token sees: block:16xCOUNT+LAST, the COUNT blocks of 16 keys that promise most and the LAST keys.",
      discussion:
        "Every key by default; prompts see every key in any case, and the first block is always one of the COUNT, but with :free behind it.",
      valueName: "kind"), transform: BlockBudget.parsed)
  package var sparse: BlockBudget?

  package init() {}
}
