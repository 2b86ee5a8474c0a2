import Formats

/// A recorded load: when requests came, and how long prompts and answers were.
public struct Trace: Sendable, Equatable {
  /// One request.
  public struct Entry: Sendable, Equatable {
    /// Seconds from the start.
    public var arrival: Double
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens of the answer.
    public var outputTokens: Int
  }

  /// The requests, in the order of their arrival.
  public let entries: [Entry]

  /// The most requests of a trace.
  public static let most = Arrivals.most

  /// Reads JSON lines: `{"arrival": 0.25, "prompt_tokens": 105, "output_tokens": 128}`, the arrival in seconds; or
  /// `{"timestamp": 250, "input_length": 105, "output_length": 128}`, the timestamp in milliseconds, as published traces have it.
  /// Lines may be in any order; empty ones are left out, and so are fields that are not named here.
  ///
  /// - Throws: ``LoadError/invalidTrace(line:problem:)``.
  public init(_ bytes: [UInt8]) throws(LoadError) {
    var entries: [Entry] = []
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      if entries.count == Self.most {
        throw .invalidTrace(line: number, problem: "a trace has at most \(Self.most) requests")
      }
      entries.append(try Self.entry(Array(line), number))
    }
    if entries.isEmpty { throw .invalidTrace(line: max(1, number), problem: "the trace has no request") }
    // Equal times keep their order.
    let order = entries.indices.sorted { (entries[$0].arrival, $0) < (entries[$1].arrival, $1) }
    self.entries = order.map { entries[$0] }
  }

  private static func entry(_ line: [UInt8], _ number: Int) throws(LoadError) -> Entry {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: line, values: 4096) } catch {
      throw .invalidTrace(line: number, problem: "\(error)")
    }
    guard json.members != nil else { throw .invalidTrace(line: number, problem: "is not an object") }
    let isRecorded = json["arrival"] == nil && json["timestamp"] != nil
    let name = isRecorded ? "timestamp" : "arrival"
    guard let time = json[name]?.double else {
      throw .invalidTrace(line: number, problem: "\(name): a number is expected")
    }
    let seconds = isRecorded ? time / 1000 : time
    guard (0...1e7).contains(seconds) else {
      throw .invalidTrace(line: number, problem: "\(name) \(time): must be from 0 to 10000000 seconds")
    }
    return Entry(
      arrival: seconds,
      promptTokens: try length(json, isRecorded ? "input_length" : "prompt_tokens", number),
      outputTokens: try length(json, isRecorded ? "output_length" : "output_tokens", number))
  }

  private static func length(_ json: JSON, _ name: String, _ number: Int) throws(LoadError) -> Int {
    guard let value = json[name]?.int else {
      throw .invalidTrace(line: number, problem: "\(name): a whole number is expected")
    }
    guard (1...Lengths.most).contains(value) else {
      throw .invalidTrace(line: number, problem: "\(name) \(value): must be from 1 to \(Lengths.most)")
    }
    return value
  }
}
