import ConfigurationFiles
import Planner
import Server

extension AnswerBudgets {
  /// The budgets of a YAML file: for each task the chance of an answer to be right and the share of problems that can be solved at
  /// all, as `venturi plan test-time saturation` finds them.
  ///
  ///     gain: 0.01                      # the least that another answer has to bring
  ///     default: {chance: 0.1}
  ///     tasks:
  ///       sums: {chance: 0.25, ceiling: 0.9}
  ///
  /// A budget is N* of arXiv 2505.20522; a task that is never solved gets one answer.
  ///
  /// - Throws: `ConfigurationError`; `ProfilingError` for a file that cannot be read; `PlannerError`.
  init(configuration path: String) throws {
    var fields = try ConfigurationFields(try ConfigurationFile.read(path))
    let gain = try fields.number("gain", Self.gains, default: 0.01)
    func budget(_ section: ConfigurationFields) throws -> Int {
      var section = section
      let model = try SaturationModel(
        ceiling: try section.number("ceiling", 0.000_001...1, default: 1), chance: try section.number("chance", 0...1))
      let least = try section.number("gain", Self.gains, default: gain)
      try section.finish()
      return try model.saturation(gain: least) ?? 1
    }
    let standard = try fields.sectionIfPresent("default").map(budget)
    var tasks = try fields.section("tasks")
    var budgets: [String: Int] = [:]
    for name in tasks.names { budgets[name] = try budget(try tasks.section(name)) }
    try fields.finish()
    if standard == nil, budgets.isEmpty {
      throw ConfigurationError.file(path: path, problem: "it has neither 'default' nor 'tasks'")
    }
    self.init(tasks: budgets, standard: standard)
  }

  private static let gains = 0.000_001...1.0
}
