import Formats
import Text

/// What a request says of tools.
struct ToolFields: Sendable {
  /// Whether tools are to be called.
  enum Choice: Sendable, Equatable {
    case none, auto, required
    case function(String)
  }

  /// The interfaces, which write the same in different ways.
  enum Form: Sendable {
    /// `tools[0].function.parameters`
    case chat
    /// `tools[0].parameters`
    case responses
    /// `tools[0].input_schema`
    case messages
  }

  /// The most calls of one answer that must call.
  static let mostCalls = 16

  private(set) var tools: [ChatTool] = []
  private(set) var choice = Choice.auto
  private(set) var isParallel = true
  /// The field of each tool's schema.
  private var schemaFields: [String] = []

  /// No tools.
  init() {}

  /// Reads the fields of a request.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, limits: RequestLimits, as form: Form) throws(RequestFailure) {
    try readTools(fields, limits, form)
    if form == .messages {
      try readMessagesChoice(fields)
    } else {
      choice = try Self.choice(fields, form)
      isParallel = try fields.bool("parallel_tool_calls") ?? true
    }
    switch choice {
    case .none, .auto: break
    case .required:
      if tools.isEmpty { throw .invalid(fields.name("tool_choice"), "needs tools, and there are none") }
    case .function(let name):
      if !tools.contains(where: { $0.name == name }) {
        throw .invalid(fields.name("tool_choice"), "\"\(FieldReader.quoted(name))\" is none of the tools")
      }
    }
  }

  private mutating func readTools(
    _ fields: FieldReader, _ limits: RequestLimits, _ form: Form
  ) throws(RequestFailure) {
    guard let elements = try fields.array("tools", most: limits.tools) else { return }
    let bytes = elements.reduce(0) { $0 + $1.line.utf8.count }
    if bytes > limits.toolBytes {
      throw .invalid(fields.name("tools"), "has \(bytes) bytes; at most \(limits.toolBytes) are taken")
    }
    for (index, element) in elements.enumerated() {
      let tool = try FieldReader(element, path: "\(fields.name("tools"))[\(index)]")
      let type = try tool.text("type")
      let known = form == .messages ? "custom" : "function"
      if form != .messages { _ = try tool.required("type", type) }
      if let type, type != known {
        throw .invalid(
          tool.name("type"), "\"\(FieldReader.quoted(type))\" is not \"\(known)\"", code: "unsupported_value")
      }
      let function = form == .chat ? try tool.required("function", tool.object("function")) : tool
      let name = try function.required("name", function.text("name"))
      let longest = form == .messages ? 128 : 64
      guard Self.isName(name, longest) else {
        throw .invalid(
          function.name("name"),
          "\"\(FieldReader.quoted(name))\" is not 1 to \(longest) letters, digits, '_' and '-'")
      }
      if tools.contains(where: { $0.name == name }) {
        throw .invalid(function.name("name"), "\"\(name)\" is the name of another tool too")
      }
      let key = form == .messages ? "input_schema" : "parameters"
      if form == .messages { _ = try function.required(key, function[key]) }
      var parameters = ChatTool.noParameters
      if let schema = try function.object(key) {
        if let type = try schema.text("type"), type != "object" {
          throw .invalid(schema.name("type"), "\"\(FieldReader.quoted(type))\" is not \"object\"")
        }
        _ = try schema.object("properties")
        parameters = function[key] ?? parameters
      }
      tools.append(ChatTool(name: name, description: try function.text("description"), parameters: parameters))
      schemaFields.append(function.name(key))
    }
  }

  private static func isName(_ text: String, _ longest: Int) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy {
        switch $0 {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
      }
  }

  private static func choice(_ fields: FieldReader, _ form: Form) throws(RequestFailure) -> Choice {
    switch fields["tool_choice"] {
    case nil, "auto": return .auto
    case "none": return .none
    case "required": return .required
    case .object:
      guard let choice = try fields.object("tool_choice") else { return .auto }
      let type = try choice.required("type", choice.text("type"))
      if type != "function" {
        throw .invalid(
          choice.name("type"), "\"\(FieldReader.quoted(type))\" is not \"function\"", code: "unsupported_value")
      }
      let function = form == .chat ? try choice.required("function", choice.object("function")) : choice
      return .function(try function.required("name", function.text("name")))
    case let value?:
      throw .invalid(
        fields.name("tool_choice"),
        "\(FieldReader.shown(value)) is none of \"none\", \"auto\", \"required\", a function")
    }
  }

  private mutating func readMessagesChoice(_ fields: FieldReader) throws(RequestFailure) {
    guard let given = try fields.object("tool_choice") else { return }
    let type = try given.required("type", given.text("type"))
    switch type {
    case "auto": choice = .auto
    case "none": choice = .none
    case "any": choice = .required
    case "tool": choice = .function(try given.required("name", given.text("name")))
    default:
      throw .invalid(
        given.name("type"), "\"\(FieldReader.quoted(type))\" is none of auto, any, tool, none",
        code: "unsupported_value")
    }
    isParallel = !(try given.bool("disable_parallel_tool_use") ?? false)
  }

  /// The tools that the model is told of.
  var offered: [ChatTool] { choice == .none ? [] : tools }

  /// What an answer that must call must be; `nil` for one that need not.
  ///
  /// - Throws: ``RequestFailure`` that names the schema which nothing can be bound to.
  func constraint(_ format: ToolCallFormat) throws(RequestFailure) -> Grammar? {
    let called: [ChatTool]
    switch choice {
    case .none, .auto: return nil
    case .required: called = tools
    case .function(let name): called = tools.filter { $0.name == name }
    }
    do {
      return try Grammar(calling: called, as: format, most: isParallel && choice == .required ? Self.mostCalls : 1)
    } catch let error as ToolSchemaError {
      let index = tools.firstIndex { $0.name == called[error.tool].name } ?? 0
      throw .invalid(schemaFields[index], "\(error.problem)")
    } catch { throw .invalid("tools", "\(error)") }
  }

  /// Refuses what cannot be had beside tools.
  ///
  /// - Throws: ``RequestFailure``.
  func check(_ constraint: Grammar?, _ field: String) throws(RequestFailure) {
    if constraint != nil, !offered.isEmpty {
      throw .invalid(
        field, "cannot be had beside tools; tool_choice \"none\" lets it stand", code: "unsupported_value")
    }
  }
}
