extension GenerationOptions {
  /// The most stop strings of a request.
  public static let maxStopStrings = 64
  /// The most bytes of a stop string.
  public static let maxStopBytes = 1024
  /// The most tokens guessed ahead.
  public static let maxLookup = 32

  /// Checks every value.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)`` and
  ///   ``InferenceError/tokenOutOfRange(field:id:vocabularySize:)``, naming the field.
  public func validate(vocabularySize: Int) throws(InferenceError) {
    if let maxTokens, maxTokens < 1 {
      throw .invalidOption(field: "maxTokens", value: "\(maxTokens)", problem: "must be at least 1")
    }
    try Self.check("temperature", temperature, 0...1000)
    if topK < 0 { throw .invalidOption(field: "topK", value: "\(topK)", problem: "must be 0 (all) or more") }
    guard topP > 0, topP <= 1 else {
      throw .invalidOption(field: "topP", value: "\(topP)", problem: "must be above 0 and at most 1")
    }
    try Self.check("minP", minP, 0...1)
    guard repeatPenalty > 0, repeatPenalty <= 1000 else {
      throw .invalidOption(field: "repeatPenalty", value: "\(repeatPenalty)", problem: "must be above 0, at most 1000")
    }
    try Self.check("frequencyPenalty", frequencyPenalty, -1000...1000)
    try Self.check("presencePenalty", presencePenalty, -1000...1000)
    if penaltyWindow < -1 {
      throw .invalidOption(field: "penaltyWindow", value: "\(penaltyWindow)", problem: "must be -1 (all) or more")
    }
    try validateStop()
    if let logProbabilities, !(0...vocabularySize).contains(logProbabilities) {
      throw .invalidOption(
        field: "logProbabilities", value: "\(logProbabilities)", problem: "must be from 0 to \(vocabularySize)")
    }
    if let lookup, !(0...Self.maxLookup).contains(lookup) {
      throw .invalidOption(field: "lookup", value: "\(lookup)", problem: "must be from 0 to \(Self.maxLookup)")
    }
    if let draft, !(0...Self.maxLookup).contains(draft) {
      throw .invalidOption(field: "draft", value: "\(draft)", problem: "must be from 0 to \(Self.maxLookup)")
    }
    for (id, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
      if id < 0 || Int(id) >= vocabularySize {
        throw .tokenOutOfRange(field: "logitBias", id: Int(id), vocabularySize: vocabularySize)
      }
      if bias.isNaN || bias == .infinity {
        throw .invalidOption(field: "logitBias[\(id)]", value: "\(bias)", problem: "must be finite or -inf")
      }
    }
  }

  private func validateStop() throws(InferenceError) {
    if stop.count > Self.maxStopStrings {
      throw .invalidOption(field: "stop", value: "\(stop.count) strings", problem: "at most \(Self.maxStopStrings)")
    }
    for (index, text) in stop.enumerated() {
      if text.isEmpty { throw .invalidOption(field: "stop[\(index)]", value: "\"\"", problem: "must not be empty") }
      if text.utf8.count > Self.maxStopBytes {
        throw .invalidOption(
          field: "stop[\(index)]", value: "\(text.utf8.count) bytes", problem: "at most \(Self.maxStopBytes) bytes")
      }
    }
  }

  private static func check(_ field: String, _ value: Float, _ range: ClosedRange<Float>) throws(InferenceError) {
    // A NaN is in no range.
    if range.contains(value) { return }
    throw .invalidOption(
      field: field, value: "\(value)", problem: "must be from \(range.lowerBound) to \(range.upperBound)")
  }
}
