import Formats
import Text

extension Grammar {
  /// What a request says its answer must be, if it says something.
  ///
  /// - Throws: ``RequestFailure``.
  static func read(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> Grammar? {
    let source = try fields.text("grammar")
    let format = try fields.object("response_format")
    let type = try format.map { format throws(RequestFailure) in try format.required("type", format.text("type")) }
    if source != nil, let type, type != "text" {
      throw .invalid(fields.name("grammar"), "and response_format exclude each other")
    }
    if let source { return try compile(grammar: source, fields, limits) }
    guard let format, let type else { return nil }
    switch type {
    case "text": return nil
    case "json_object":
      // llama.cpp's clients put a schema here.
      return try compile(schema: format["schema"] ?? ["type": "object"], format.name("schema"), limits)
    case "json_schema":
      let outer = try format.required("json_schema", format.object("json_schema"))
      return try compile(schema: outer.required("schema", outer["schema"]), outer.name("schema"), limits)
    default:
      throw .invalid(
        format.name("type"), "\"\(FieldReader.quoted(type))\" is none of text, json_object, json_schema",
        code: "unsupported_value")
    }
  }

  /// What the `text` of a request to `POST /v1/responses`, or the `output_config` of one to `POST /v1/messages`, says the
  /// answer must be: its `format` has the schema without an object around it.
  ///
  /// - Throws: ``RequestFailure``.
  static func read(format outer: FieldReader, limits: RequestLimits) throws(RequestFailure) -> Grammar? {
    guard let format = try outer.object("format") else { return nil }
    switch try format.required("type", format.text("type")) {
    case "text": return nil
    case "json_object": return try compile(schema: ["type": "object"], format.name("type"), limits)
    case "json_schema":
      return try compile(schema: format.required("schema", format["schema"]), format.name("schema"), limits)
    case let type:
      throw .invalid(
        format.name("type"), "\"\(FieldReader.quoted(type))\" is none of text, json_object, json_schema",
        code: "unsupported_value")
    }
  }

  private static func compile(
    grammar source: String, _ fields: FieldReader, _ limits: RequestLimits
  ) throws(RequestFailure) -> Grammar {
    let name = fields.name("grammar")
    if source.utf8.count > limits.grammarBytes {
      throw .invalid(name, "has \(source.utf8.count) bytes; at most \(limits.grammarBytes) are taken")
    }
    do throws(TextError) { return try Grammar(gbnf: source) } catch { throw .invalid(name, "\(error)") }
  }

  /// The grammar of a schema.
  ///
  /// - Throws: ``RequestFailure``.
  static func compile(
    schema: JSON, _ name: String, _ limits: RequestLimits
  ) throws(RequestFailure) -> Grammar {
    let size = schema.line.utf8.count
    if size > limits.schemaBytes {
      throw .invalid(name, "has \(size) bytes; at most \(limits.schemaBytes) are taken")
    }
    do throws(TextError) { return try Grammar(jsonSchema: schema) } catch { throw .invalid(name, "\(error)") }
  }
}
