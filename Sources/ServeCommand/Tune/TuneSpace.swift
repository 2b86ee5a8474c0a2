import Profiling
import Tuning
import Venturi

/// What may be tried, as it is named on the command line.
enum TuneSpace {
  /// The space of a name.
  ///
  /// - Throws: `ProfilingError`; `PlannerError`.
  static func read(_ name: String) throws -> ServingSpace {
    name == "default"
      ? try .standard(processors: MachineIdentity.current.processors)
      : try ServingSpace(parsing: try readWholeFile(name))
  }
}
