import Formats

/// What servers say when something is wrong; each says it a little differently.
enum ServerProblem {
  /// The error that an answer with a status other than 2xx means.
  static func refusal(status: Int, body: [UInt8]) -> ClientError {
    guard let json = try? JSON(parsing: body, values: 1 << 16), let (code, message) = words(json) else {
      let text = String(decoding: body.prefix(300), as: UTF8.self)
      return .refused(status: status, code: nil, message: text.isEmpty ? "no reason was given" : text)
    }
    return .refused(status: status, code: code, message: message)
  }

  /// The error that an event of a stream, or a whole answer with status 200, reports.
  static func inStream(_ body: [UInt8]) -> ClientError? {
    (try? JSON(parsing: body, values: 1 << 16)).flatMap { inStream($0) }
  }

  /// The error that an event reports.
  static func inStream(_ event: JSON) -> ClientError? {
    guard event["error"] != nil || event["object"]?.text == "error", let (code, message) = words(event) else {
      return nil
    }
    return .streamFailed(code: code, message: message)
  }

  /// `{"error": {"message", "code", "type"}}`, `{"error": "…"}`, `{"message": "…"}`, `{"detail": "…"}`.
  private static func words(_ json: JSON) -> (code: String?, message: String)? {
    if let text = json["error"]?.text { return (nil, shortened(text)) }
    let object = json["error"].flatMap { $0 == .null ? nil : $0 } ?? json
    guard let message = (object["message"] ?? object["detail"])?.text else { return nil }
    return ((object["code"] ?? .null).text ?? object["type"]?.text, shortened(message))
  }

  private static func shortened(_ text: String) -> String { text.utf8.count > 2000 ? "\(text.prefix(500))…" : text }
}
