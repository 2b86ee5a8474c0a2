import Formats

/// How a model wants a conversation written: a program in a subset of Jinja, the language of the templates that models
/// bring, rendered as transformers renders it and within ``ChatTemplateLimits``.
///
/// The subset: `set` (also of namespaces and blocks), `if`, `for` with `loop`, `else`, `if`, `break` and `continue`,
/// `macro`, `call`, `filter`, `with`, `raw`, `generation`; Python's operators, slices and the methods of texts and
/// dictionaries that change nothing; the filters and tests in real use; `range`, `dict`, `namespace`, `raise_exception` and
/// `strftime_now`. What is outside is refused with its line, never guessed.
///
/// What a message says cannot forge a turn: it is rendered as ``PromptSegment/text(_:)``, so that `<|im_end|>` in it stays
/// ten ordinary characters however the template cuts and joins it. transformers and llama.cpp make control tokens of it; on
/// messages without such text the tokens are the same.
public struct ChatTemplate: Sendable {
  /// The template's text.
  public let source: String
  /// The text of the token at the start of each text, `bos_token` in the template; empty for none.
  public let beginning: String
  /// The text of the token that ends an answer, `eos_token` in the template; empty for none.
  public let end: String
  /// Whether the template itself tells the model of tools.
  public let listsTools: Bool
  /// Whether the template itself writes earlier calls of tools.
  public let writesToolCalls: Bool
  /// How the model writes calls of tools: as the template tells it, or as ``instructions(for:)`` do.
  public let toolCallFormat: ToolCallFormat

  private let statements: [JinjaSyntax.Statement]

  /// The longest template that is taken, in bytes.
  public static let lengthLimit = 1 << 20

  /// Compiles a model's own template.
  ///
  /// - Parameters:
  ///   - source: the template's text.
  ///   - beginning: the text of the token at the start of each text.
  ///   - end: the text of the token that ends an answer.
  /// - Throws: ``TextError/chatTemplateMissing`` for nil or an empty text, ``TextError/chatTemplateTooLong(bytes:limit:)``,
  ///   ``TextError/chatTemplateRefused(line:construct:)`` and ``TextError/chatTemplateBudget(line:what:limit:)``.
  public init(compiling source: String?, beginning: String = "", end: String = "") throws(TextError) {
    guard let source, !source.isEmpty else { throw .chatTemplateMissing }
    if source.utf8.count > Self.lengthLimit {
      throw .chatTemplateTooLong(bytes: source.utf8.count, limit: Self.lengthLimit)
    }
    self.source = source
    self.beginning = beginning
    self.end = end
    listsTools = Self.names("tools", in: source)
    writesToolCalls = Self.names("tool_calls", in: source)
    toolCallFormat = listsTools ? ToolCallFormat(template: source) : .hermes
    do throws(JinjaError) { statements = try JinjaParser.statements(of: source) } catch { throw error.textError }
  }

  /// Writes a conversation as the template does.
  ///
  /// - Parameters:
  ///   - messages: the conversation, its first message first.
  ///   - addsGenerationPrompt: whether it ends with the start of the assistant's turn.
  ///   - tools: what the model may call, each an object as in the OpenAI interface.
  ///   - variables: what else the template may look at, such as `enable_thinking`.
  ///   - now: the moment that `strftime_now` writes.
  ///   - limits: what the template may use up.
  /// - Throws: ``TextError/chatTemplateFailed(line:problem:)``, ``TextError/chatTemplateRaised(line:message:)`` and
  ///   ``TextError/chatTemplateBudget(line:what:limit:)``.
  public func render(
    _ messages: [ChatMessage], addsGenerationPrompt: Bool = true, tools: [JSON] = [], variables: [JSON.Member] = [],
    now: CalendarTime = .now, limits: ChatTemplateLimits = ChatTemplateLimits()
  ) throws(TextError) -> [PromptSegment] {
    var all = variables
    all.append(JSON.Member("messages", .array(messages.map(\.json))))
    if !tools.isEmpty { all.append(JSON.Member("tools", .array(tools))) }
    all.append(JSON.Member("add_generation_prompt", .bool(addsGenerationPrompt)))
    return try render(variables: all, now: now, limits: limits)
  }

  /// Writes what the variables describe, `messages` and `add_generation_prompt` among them: the form of transformers, for
  /// messages that have more than ``ChatMessage`` holds.
  ///
  /// All their texts are untrusted, but for the role of a message if it is a usual one.
  ///
  /// - Throws: as ``render(_:addsGenerationPrompt:tools:variables:now:limits:)``.
  public func render(
    variables: [JSON.Member], now: CalendarTime = .now, limits: ChatTemplateLimits = ChatTemplateLimits()
  ) throws(TextError) -> [PromptSegment] {
    var values: [String: JinjaValue] = ["tools": .none, "documents": .none]
    var size = 0
    do throws(JinjaError) {
      for variable in variables { values[variable.key] = try JinjaValue(variable.value, size: &size) }
      if case .list(let messages)? = values["messages"] {
        values["messages"] = .list(JinjaList(messages.elements.map(\.withTrustedRole)))
      }
      values["bos_token"] = .trusted(beginning)
      values["eos_token"] = .trusted(end)
      var limits = limits
      limits.steps += 8 * size
      return try JinjaInterpreter(limits: limits, now: now).render(statements, values).segments
    } catch { throw error.textError }
  }

  /// The rendered conversation as one text, special tokens by their text; for display, not for encoding.
  ///
  /// - Throws: as ``render(_:addsGenerationPrompt:tools:variables:now:limits:)``.
  public func renderText(_ messages: [ChatMessage], addsGenerationPrompt: Bool = true) throws(TextError) -> String {
    try render(messages, addsGenerationPrompt: addsGenerationPrompt).map(\.content).joined()
  }
}

extension JinjaValue {
  /// An untrusted value; `size` grows by its bytes.
  init(_ json: JSON, size: inout Int, depth: Int = 0) throws(JinjaError) {
    if depth > JinjaInterpreter.valueDepthLimit - 10 {
      throw JinjaError(
        line: 0, reason: .budget("nesting of a variable", limit: JinjaInterpreter.valueDepthLimit - 10))
    }
    size += 8
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .float(value)
    case .string(let text):
      size += text.utf8.count
      self = .untrusted(text)
    case .array(let values):
      var elements: [JinjaValue] = []
      for value in values { elements.append(try JinjaValue(value, size: &size, depth: depth + 1)) }
      self = .list(JinjaList(elements))
    case .object(let members):
      var dictionary = JinjaDictionary()
      for member in members {
        size += member.key.utf8.count
        dictionary.set(.untrusted(member.key), try JinjaValue(member.value, size: &size, depth: depth + 1))
      }
      self = .dictionary(dictionary)
    }
  }

  /// A message whose role may be part of a special token, if it is one of those that templates know.
  fileprivate var withTrustedRole: JinjaValue {
    guard case .dictionary(var message) = self, case .text(let role)? = message["role"] else { return self }
    let name = role.string
    guard ["system", "developer", "user", "assistant", "tool", "function", "ipython", "model"].contains(name) else {
      return self
    }
    message.set(.trusted("role"), .trusted(name))
    return .dictionary(message)
  }
}
