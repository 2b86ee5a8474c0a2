import Formats
import NumericTypes
import Profiling

/// The requests that settings are tried with; all are there at once.
public struct ServedWorkload: Sendable, Hashable {
  /// A request: a text, or so many tokens of the program's own text.
  public struct Request: Sendable, Hashable {
    /// The prompt's text; nothing where only its length is given.
    public var prompt: String?
    /// The prompt's tokens, where no text is given.
    public var promptTokens: Int
    /// Tokens of the answer.
    public var outputTokens: Int

    /// A request.
    public init(prompt: String? = nil, promptTokens: Int = 0, outputTokens: Int) {
      (self.prompt, self.promptTokens, self.outputTokens) = (prompt, promptTokens, outputTokens)
    }

    var json: JSON {
      prompt.map { ["prompt": .string($0), "output_tokens": .integer(outputTokens)] }
        ?? ["prompt_tokens": .integer(promptTokens), "output_tokens": .integer(outputTokens)]
    }
  }

  /// The most requests, tokens of one side of a request, and bytes of a file.
  public static let limit = 4096
  static let tokenLimit = 1 << 20
  static let byteLimit = 1 << 26

  /// The requests, in their order.
  public let requests: [Request]

  /// A workload.
  public init(_ requests: [Request]) { self.requests = requests }

  /// Requests of the sheet's measurement: prompts of 16 to 256 tokens, answers of 32.
  public static func standard(_ count: Int = 32, seed: UInt64 = 0) -> ServedWorkload {
    var random = Random(seed: seed, stream: 92)
    return ServedWorkload(
      (0..<count).map { _ in
        Request(promptTokens: 16 + min(240, Int(random.uniform() * 241)), outputTokens: 32)
      })
  }

  /// Reads JSON lines: `{"prompt": "…", "output_tokens": 32}` or `{"prompt_tokens": 120, "output_tokens": 32}`; `max_tokens` means the
  /// same as `output_tokens`, other fields are left alone, empty lines too.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)`` naming the line.
  public init(parsing bytes: [UInt8]) throws(ProfilingError) {
    guard bytes.count <= Self.byteLimit else {
      throw .invalidSetting(field: "workload", problem: "\(bytes.count) bytes, at most \(Self.byteLimit)")
    }
    var requests: [Request] = []
    for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      let field = "workload line \(number + 1)"
      guard requests.count < Self.limit else {
        throw .invalidSetting(field: field, problem: "more than \(Self.limit) requests")
      }
      let json: JSON
      do throws(JSONError) { json = try JSON(parsing: Array(line)) } catch {
        throw .invalidSetting(field: field, problem: error.description)
      }
      requests.append(try Self.request(json, field))
    }
    guard !requests.isEmpty else { throw .invalidSetting(field: "workload", problem: "there are no requests") }
    self.requests = requests
  }

  /// A workload as ``json`` has it.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  init(_ json: JSON) throws(ProfilingError) {
    guard let elements = json.elements, (1...Self.limit).contains(elements.count) else {
      throw .invalidSetting(field: "requests", problem: "a list of 1 to \(Self.limit) is expected")
    }
    var requests: [Request] = []
    for (number, element) in elements.enumerated() {
      requests.append(try Self.request(element, "requests[\(number)]"))
    }
    self.requests = requests
  }

  private static func request(_ json: JSON, _ field: String) throws(ProfilingError) -> Request {
    func tokens(_ names: [String]) throws(ProfilingError) -> Int {
      guard let value = names.lazy.compactMap({ json[$0] }).first?.int, (1...tokenLimit).contains(value) else {
        throw .invalidSetting(field: field, problem: "\(names[0]): a number from 1 to \(tokenLimit) is expected")
      }
      return value
    }
    let output = try tokens(["output_tokens", "max_tokens"])
    if let prompt = json["prompt"]?.text {
      guard !prompt.isEmpty else { throw .invalidSetting(field: field, problem: "the prompt is empty") }
      return Request(prompt: prompt, outputTokens: output)
    }
    return Request(promptTokens: try tokens(["prompt_tokens"]), outputTokens: output)
  }

  var json: JSON { .array(requests.map(\.json)) }

  /// What tells workloads apart.
  public var digest: String {
    ServingBench.digest(json.line)
  }

  /// A part of the requests, at least one: a sample by the seed, of which a larger part holds a smaller one.
  public func part(_ share: Double, seed: UInt64) -> ServedWorkload {
    guard share < 1 else { return self }
    var random = Random(seed: seed, stream: 93)
    let count = max(1, min(requests.count, Int((share * Double(requests.count)).rounded(.up))))
    // In the order of the whole, so that padding and places are as there.
    return ServedWorkload(requests.indices.shuffled(using: &random).prefix(count).sorted().map { requests[$0] })
  }

  /// As many requests of the same kind: drawn with replacement, in another order, with other text.
  public func secondSample(seed: UInt64) -> ServedWorkload {
    var random = Random(seed: seed, stream: 94)
    return ServedWorkload(
      requests.map { _ in
        var request = requests[min(requests.count - 1, Int(random.uniform() * Double(requests.count)))]
        request.prompt = request.prompt.map {
          $0.split(separator: " ").shuffled(using: &random).joined(separator: " ")
        }
        return request
      })
  }
}
