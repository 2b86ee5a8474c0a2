import Formats

extension ResultStore {
  /// A run that was kept.
  public struct Run: Sendable, Equatable {
    /// Its place in the order of runs.
    public var id: Int
    /// The system's number.
    public var system: Int
    /// When it ended, `2026-11-26T09:05:00Z`.
    public var date: String
    /// The processor's name.
    public var machine: String
    /// Whether smaller cases were run.
    public var quick: Bool
    /// The result as `venturi reproduce --json` prints it.
    public var result: JSON

    /// A run from its parts.
    public init(id: Int, system: Int, date: String, machine: String, quick: Bool, result: JSON) {
      self.id = id
      self.system = system
      self.date = date
      self.machine = machine
      self.quick = quick
      self.result = result
    }
  }

  /// A table of `venturi bench` that was kept.
  public struct Table: Sendable, Equatable {
    /// When it was kept.
    public var date: String
    /// The table as `venturi bench --json` prints it.
    public var content: JSON

    /// A table from its parts.
    public init(date: String, content: JSON) {
      self.date = date
      self.content = content
    }
  }
}
