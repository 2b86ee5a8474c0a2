import Console
import Formats
import Planner
import Profiling

/// A profile as `venturi plan idealized fit` and `measure` write it.
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

  /// The profile for people.
  static func text(_ profile: RuntimeProfile) -> String {
    let knots = profile.knots.map { ["\($0.prompt)", Human.fixed($0.seconds * 1e3, 3)] }
    let rest = [
      ["a token more", Human.fixed(profile.token * 1e3, 4), "ms"],
      ["for each token of context", Human.fixed(profile.contextToken * 1e9, 2), "ns"],
      ["R²", Human.fixed(profile.rSquared, 5), ""],
      ["largest residual", Human.fixed(100 * profile.worstResidual, 2), "%"],
      ["timed in", Human.fixed(profile.profilingSeconds, 2), "s"],
    ]
    return Human.table([["prompt", "first token ms"]] + knots, numeric: [0, 1]) + "\n\n"
      + Human.table(rest, numeric: [1])
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
