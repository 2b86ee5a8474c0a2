import ArgumentParser
import Venturi

extension BlockBudget: ExpressibleByArgument {
  /// `block:16x32+128`.
  public init?(argument: String) {
    guard let budget = try? BlockBudget(parsing: argument) else { return nil }
    self = budget
  }
}

/// Which keys tokens see while they are generated, for verbs that generate.
package struct SparseOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What a generated token sees: block:16xCOUNT+LAST, the COUNT blocks of 16 keys that promise most and the LAST keys.",
      discussion: "Every key by default; prompts see every key in any case.", valueName: "kind"))
  package var sparse: BlockBudget?

  package init() {}
}
