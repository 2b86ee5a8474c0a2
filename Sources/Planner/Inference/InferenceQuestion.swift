import Costs

/// What is asked of a model that answers: everything but the device that an ``InferencePlan`` depends on, each field with a
/// name, so that one can be swept.
///
/// ```swift
/// var question = InferenceQuestion(shape)
/// question.batch = 8
/// let plan = try question.plan(on: device)
/// ```
public struct InferenceQuestion: Sendable, Hashable {
  /// The model.
  public var shape: TransformerShape
  /// Tokens of each prompt.
  public var prompt = 512
  /// Tokens of each sequence before the token that is timed.
  public var depth = 2048
  /// Sequences that are answered together.
  public var batch = 1
  /// The format of products.
  public var precision = Precision.bf16
  /// Bytes of a weight.
  public var weights = 2.0
  /// Bytes of an activation, a key and a value.
  public var cache = 2.0

  /// The fields that ``with(_:_:)`` knows.
  public static let fields = ["prompt", "depth", "batch", "weights", "cache"]

  /// A question of one sequence in 16 bits.
  public init(_ shape: TransformerShape) { self.shape = shape }

  /// The same with another value of a field.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a field that is none of ``fields``, and for a fraction where tokens
  ///   or sequences are counted.
  public func with(_ field: String, _ value: Double) throws(PlannerError) -> InferenceQuestion {
    func count() throws(PlannerError) -> Int {
      guard let count = Int(exactly: value) else {
        throw .invalid(field: field, problem: "\(value) is no whole number")
      }
      return count
    }
    var question = self
    switch field {
    case "prompt": question.prompt = try count()
    case "depth": question.depth = try count()
    case "batch": question.batch = try count()
    case "weights": question.weights = value
    case "cache": question.cache = value
    default:
      let names = Self.fields.dropLast().joined(separator: ", ")
      throw .invalid(field: "sweep", problem: "'\(field)' is none of \(names) and \(Self.fields.last ?? "")")
    }
    return question
  }

  /// The plan on a device.
  ///
  /// - Throws: ``PlannerError``.
  public func plan(on device: Device, model: RooflineCostModel = .plain) throws(PlannerError) -> InferencePlan {
    var widths = NumberWidths.mixed
    (widths.weights, widths.activations, widths.residual) = (weights, cache, cache)
    return try InferencePlan(
      shape, on: device, prompt: Workload(sequences: batch, tokens: prompt), past: depth, precision: precision,
      widths: widths, model: model)
  }
}
