import Formats
import Profiling

/// The other side of a ``TrialProcess``.
public enum TrialAnswer {
  /// What a process says first.
  public static let greeting: JSON = ["ready": true]

  /// The answer to a request's line; what goes wrong is said in it.
  public static func answer(_ line: [UInt8]) async -> JSON {
    do {
      let request = try JSON(parsing: line)
      switch request["op"]?.text {
      case "trial": return try await ServingTrial(request).run().json
      case "predict": return try await LandscapePrediction(request).run()
      default: return ["error": "there is no such request"]
      }
    } catch { return ["error": .string("\(error)")] }
  }
}
