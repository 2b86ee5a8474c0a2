import Costs

/// A timed prompt with the tokens after it, one sequence at a time.
public struct ReferenceRow: Sendable, Hashable {
  /// Tokens of the prompt.
  public var prompt: Int
  /// Tokens of the output.
  public var output: Int
  /// Seconds of the prompt.
  public var promptSeconds: Double
  /// Seconds of a token.
  public var tokenSeconds: Double

  /// A row.
  public init(prompt: Int, output: Int = 128, promptSeconds: Double, tokenSeconds: Double) {
    self.prompt = prompt
    self.output = output
    self.promptSeconds = promptSeconds
    self.tokenSeconds = tokenSeconds
  }

  /// Where the rows were read: medians of five runs, 128 output tokens, milliseconds.
  static let source = "github.com/Mutinifni/splitwise-sim data/perf_model.csv, medians"

  /// Llama2-70B on two A100 with 80 GB.
  public static let llama2On2A100 = rows([
    (128, 81.1, 53.7), (256, 112.9, 54.1), (512, 196.9, 54.9), (1024, 377.1, 54.8), (2048, 688.1, 54.9),
    (4096, 1485, 55.9), (8192, 2990, 57.3),
  ])

  /// BLOOM-176B on eight A100 with 80 GB.
  public static let bloomOn8A100 = rows([
    (128, 79.7, 47.6), (256, 99.2, 47.7), (512, 173.8, 48.8), (1024, 289.2, 48.8), (2048, 540.4, 49.4),
  ])

  private static func rows(_ milliseconds: [(Int, Double, Double)]) -> [ReferenceRow] {
    milliseconds.map { ReferenceRow(prompt: $0.0, promptSeconds: $0.1 / 1e3, tokenSeconds: $0.2 / 1e3) }
  }
}
