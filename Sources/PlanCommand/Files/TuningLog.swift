import Console
import Formats
import Planner
import Profiling

/// The file of a search: its space and the trials that have ended, so that it can go on and be asked about.
struct TuningLog {
  /// The most bytes of a file.
  static let byteLimit = 1 << 26

  var space: SearchSpace
  var trials: [SettingsTuner.Trial]

  /// Reads `path`; nothing where no file can be read.
  ///
  /// - Throws: `PlannerError` for a file that is no log; `JSONError`.
  static func read(_ path: String) throws -> TuningLog? {
    guard let bytes = try? readWholeFile(path) else { return nil }
    func invalid(_ problem: String) -> PlannerError { .invalid(field: path, problem: problem) }
    guard bytes.count <= byteLimit else { throw invalid("\(bytes.count) bytes, at most \(byteLimit) are read") }
    let json = try JSON(parsing: bytes)
    guard let dimensions = json["space"]?.elements, let list = json["trials"]?.elements else {
      throw invalid("is no log of a search: it has no space or no trials")
    }
    let space = try SearchSpace(
      dimensions.map { dimension in
        guard let name = dimension["name"]?.text, let values = dimension["values"]?.elements else {
          throw invalid("a dimension has no name or no values")
        }
        return SearchSpace.Dimension(name, try values.map { try whole($0, invalid) })
      })
    let trials = try list.map { trial in
      guard let point = trial["point"]?.elements else { throw invalid("a trial has no point") }
      return SettingsTuner.Trial(point: try point.map { try whole($0, invalid) }, value: trial["value"]?.double)
    }
    return TuningLog(space: space, trials: trials)
  }

  private static func whole(_ value: JSON, _ invalid: (String) -> PlannerError) throws -> Int {
    guard let number = value.int else { throw invalid("\(value.line) is no whole number") }
    return number
  }

  /// Writes it.
  ///
  /// - Throws: `ProfilingError`.
  func write(_ path: String) throws {
    let json: JSON = [
      "space": .array(
        space.dimensions.map { ["name": .string($0.name), "values": .array($0.values.map { .integer($0) })] }),
      "trials": .array(
        trials.map {
          ["point": .array($0.point.map { .integer($0) }), "value": $0.value.map { .number($0) } ?? .null]
        }),
    ]
    try writeFileAtomically(path, Array((json.line + "\n").utf8))
  }
}
