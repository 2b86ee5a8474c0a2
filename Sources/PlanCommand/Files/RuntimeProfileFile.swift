import Formats
import Planner
import Profiling

/// A profile as `venturi plan idealized fit` writes it.
enum RuntimeProfileFile {
  static func json(_ profile: RuntimeProfile) -> JSON {
    [
      "knots": .array(
        profile.knots.map { ["prompt": .integer($0.prompt), "seconds": .number($0.seconds)] }),
      "tokenSeconds": .number(profile.token), "contextTokenSeconds": .number(profile.contextToken),
      "rSquared": .number(profile.rSquared), "worstResidual": .number(profile.worstResidual),
      "profilingSeconds": .number(profile.profilingSeconds),
    ]
  }

  /// The profile of a file.
  ///
  /// - Throws: `PlannerError`; `JSONError`; `ProfilingError` for a file that cannot be read.
  static func read(_ path: String) throws -> RuntimeProfile {
    let json = try JSON(parsing: try readWholeFile(path), values: 1 << 16)
    func invalid(_ field: String) -> PlannerError {
      .invalid(field: "\(path): \(field)", problem: "there is no number")
    }
    guard let elements = json["knots"]?.elements else { throw invalid("knots") }
    let knots = try elements.enumerated().map { index, knot in
      guard let prompt = knot["prompt"]?.int, let seconds = knot["seconds"]?.double else {
        throw invalid("knots[\(index)]")
      }
      return RuntimeProfile.Knot(prompt: prompt, seconds: seconds)
    }
    guard let token = json["tokenSeconds"]?.double else { throw invalid("tokenSeconds") }
    return try RuntimeProfile(
      knots: knots, token: token, contextToken: json["contextTokenSeconds"]?.double ?? 0,
      rSquared: json["rSquared"]?.double ?? 1, worstResidual: json["worstResidual"]?.double ?? 0,
      profilingSeconds: json["profilingSeconds"]?.double ?? 0)
  }
}
