import Formats
import Inference

extension GenerationOptions {
  /// How a request wants its answer drawn; what it leaves open keeps the engine's defaults.
  ///
  /// - Parameters:
  ///   - most: the names of the field that bounds the answer; the first that is there counts.
  ///   - stop: the name of the field that has stop strings.
  /// - Throws: ``RequestFailure``.
  init(
    _ fields: FieldReader, limits: RequestLimits, most: [String] = ["max_completion_tokens", "max_tokens"],
    stop: String = "stop"
  ) throws(RequestFailure) {
    self.init()
    // Every token is reported: the times between them are measured, and log-probabilities are those of tokens.
    tokenEvents = true
    temperature = try fields.number("temperature", in: 0...1000) ?? temperature
    topP = try fields.number("top_p", in: 0...1) ?? topP
    if fields["top_p"]?.double == 0 { throw .invalid(fields.name("top_p"), "0 must be above 0 and at most 1") }
    // One that is too small for a float keeps a token all the same.
    topP = max(topP, .leastNonzeroMagnitude)
    // Some clients say -1 for all.
    topK = max(0, try fields.integer("top_k", in: -1...Int(Int32.max)) ?? topK)
    minP = try fields.number("min_p", in: 0...1) ?? minP
    repeatPenalty =
      try fields.first(of: ["repeat_penalty", "repetition_penalty"]) { key throws(RequestFailure) in
        try fields.number(key, in: 0.001...1000)
      } ?? repeatPenalty
    frequencyPenalty = try fields.number("frequency_penalty", in: -1000...1000) ?? frequencyPenalty
    presencePenalty = try fields.number("presence_penalty", in: -1000...1000) ?? presencePenalty
    penaltyWindow = try fields.integer("repeat_last_n", in: -1...Int(Int32.max)) ?? penaltyWindow
    // llama.cpp's clients say -1 for one that is drawn.
    seed = try fields.integer("seed", in: Int.min...Int.max).flatMap { $0 == -1 ? nil : UInt64(bitPattern: Int64($0)) }
    maxTokens = try fields.first(of: most) { key throws(RequestFailure) in try fields.integer(key, in: 1...Int.max) }
    ignoreEnd = try fields.bool("ignore_eos") ?? false
    self.stop = try Self.stops(fields, stop, limits: limits)
    logitBias = try Self.biases(fields, limits: limits)
  }

  private static func stops(
    _ fields: FieldReader, _ key: String, limits: RequestLimits
  ) throws(RequestFailure) -> [String] {
    guard let value = fields[key] else { return [] }
    var stops: [String] = []
    switch value {
    case .string(let text): stops = [text]
    case .array:
      let most = min(limits.stops, GenerationOptions.maxStopStrings)
      for (index, element) in (try fields.array(key, most: most) ?? []).enumerated() {
        guard case .string(let text) = element else {
          throw .invalid("\(fields.name(key))[\(index)]", "\(FieldReader.shown(element)) is not a string")
        }
        stops.append(text)
      }
    default: throw .invalid(fields.name(key), "\(FieldReader.shown(value)) is neither a string nor an array of them")
    }
    for (index, text) in stops.enumerated() {
      let name = stops.count == 1 && value.text != nil ? fields.name(key) : "\(fields.name(key))[\(index)]"
      if text.isEmpty { throw .invalid(name, "must not be empty") }
      if text.utf8.count > GenerationOptions.maxStopBytes {
        throw .invalid(name, "has \(text.utf8.count) bytes; at most \(GenerationOptions.maxStopBytes) are taken")
      }
    }
    return stops
  }

  private static func biases(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [Int32: Float] {
    guard let value = fields["logit_bias"] else { return [:] }
    guard case .object(let members) = value else {
      throw .invalid(fields.name("logit_bias"), "\(FieldReader.shown(value)) is not an object")
    }
    if members.count > limits.biases {
      throw .invalid(fields.name("logit_bias"), "has \(members.count) tokens; at most \(limits.biases) are taken")
    }
    var biases: [Int32: Float] = [:]
    for member in members {
      let name = "\(fields.name("logit_bias")).\(FieldReader.quoted(member.key))"
      guard let id = Int32(member.key), id >= 0 else { throw .invalid(name, "is not a token id") }
      guard let bias = member.value.double, (-100...100).contains(bias) else {
        throw .invalid(name, "\(FieldReader.shown(member.value)) is not a number from -100 to 100")
      }
      // -100 is said to ban a token, and 100 to leave no other.
      biases[id] = bias == -100 ? -.infinity : Float(bias)
    }
    return biases
  }
}
