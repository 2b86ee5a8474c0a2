import Formats

extension Grammar {
  /// Calls of functions, with arguments that their schemas allow (``init(jsonSchema:)`` says which schemas can be).
  ///
  /// - Parameters:
  ///   - tools: the functions that may be called.
  ///   - format: how calls are written.
  ///   - most: the most calls; at least one is made.
  /// - Throws: ``ToolSchemaError`` with the number of the tool; ``TextError``.
  public convenience init(calling tools: [ChatTool], as format: ToolCallFormat, most: Int) throws {
    var rules = [GrammarRule(name: "calls", expression: .nothing), GrammarRule(name: "call", expression: .nothing)]
    var calls: [GrammarExpression] = []
    for (index, tool) in tools.enumerated() {
      do throws(TextError) {
        let (own, root) = try SchemaCompiler.rules(of: tool.parameters)
        let first = rules.count
        if first + own.count > Self.ruleLimit { throw .grammarLimit(what: "rules of schemas", limit: Self.ruleLimit) }
        rules += own.map { GrammarRule(name: $0.name, expression: $0.expression.shifted(by: first)) }
        let (before, after) = format.around(tool.name)
        calls.append(.sequence([.text(before), .rule(first + root), .text(after)]))
      } catch { throw ToolSchemaError(tool: index, problem: error) }
    }
    let frame = format.frame
    let others = GrammarExpression.repetition(
      .sequence([.text(frame.between), .rule(1)]), least: 0, most: min(max(most, 1) - 1, Self.repetitionLimit))
    rules[1].expression = .choice(calls)
    rules[0].expression = .sequence([.text(frame.before), .rule(1), others, .text(frame.after)])
    try self.init(rules, root: 0)
  }
}

/// A function whose arguments cannot be bound to its schema.
public struct ToolSchemaError: Error {
  /// The function's number.
  public var tool: Int
  /// What about its schema.
  public var problem: TextError
}

extension GrammarExpression {
  /// The expression where rules have numbers that are larger by `count`.
  fileprivate func shifted(by count: Int) -> GrammarExpression {
    switch self {
    case .literal, .characters: self
    case .rule(let rule): .rule(rule + count)
    case .sequence(let parts): .sequence(parts.map { $0.shifted(by: count) })
    case .choice(let parts): .choice(parts.map { $0.shifted(by: count) })
    case .repetition(let part, let least, let most):
      .repetition(part.shifted(by: count), least: least, most: most)
    }
  }
}
