/// How many answers `"best_of": "auto"` draws, by the task that a request names.
public struct AnswerBudgets: Sendable, Equatable {
  /// For the tasks that `metadata.task` may name.
  public var tasks: [String: Int]
  /// For requests that name none; they cannot ask for `auto` without it.
  public var standard: Int?

  /// Budgets; numbers below 1 count as 1.
  public init(tasks: [String: Int] = [:], standard: Int? = nil) {
    self.tasks = tasks.mapValues { max(1, $0) }
    self.standard = standard.map { max(1, $0) }
  }
}

extension FieldReader {
  /// How many answers are drawn for the `choices` that are given: `best_of`, a number or `"auto"`.
  ///
  /// - Throws: ``RequestFailure``.
  func drawn(for choices: Int, isStreamed: Bool, limits: RequestLimits) throws(RequestFailure) -> Int {
    let task = try object("metadata")?.text("task")
    let count: Int
    if case .string(let word)? = self["best_of"] {
      guard word == "auto" else {
        throw .invalid(name("best_of"), "\(FieldReader.quoted(word)) is neither a number nor \"auto\"")
      }
      count = min(limits.choices, max(choices, try budget(for: task, limits)))
    } else {
      count = try integer("best_of", in: choices...max(choices, limits.choices)) ?? choices
    }
    if isStreamed, count > choices {
      throw .invalid(name("best_of"), "which of \(count) answers counts is known at their end: that cannot be streamed")
    }
    return count
  }

  private func budget(for task: String?, _ limits: RequestLimits) throws(RequestFailure) -> Int {
    guard let budgets = limits.budgets else {
      throw .invalid(name("best_of"), "\"auto\" is for servers with budgets of answers; this one was started without")
    }
    guard let task else {
      if let standard = budgets.standard { return standard }
      throw .invalid(name("best_of"), "\"auto\" needs metadata.task here: there is no budget for requests without")
    }
    guard let count = budgets.tasks[task] else {
      throw .invalid("metadata.task", "there is no budget for \(FieldReader.quoted(task))")
    }
    return count
  }
}
