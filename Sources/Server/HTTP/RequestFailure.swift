import Formats
import HTTPTypes
import Hummingbird
import Inference
import Text

/// A request that is not answered as it asks, in the form that clients of the OpenAI interface know:
/// `{"error": {"message", "type", "code", "param"}}`.
public struct RequestFailure: Error, Sendable, Equatable {
  /// The HTTP status.
  public var status: Int
  /// The kind of error, a word for programs.
  public var type: String
  /// What exactly, a word for programs.
  public var code: String?
  /// The field of the request that is wrong.
  public var parameter: String?
  /// A sentence for people that holds the values.
  public var message: String
  /// When to come again, in seconds.
  public var retryAfter: Int?

  /// A failure from its parts.
  public init(
    status: Int, type: String, code: String? = nil, parameter: String? = nil, message: String, retryAfter: Int? = nil
  ) {
    self.status = status
    self.type = type
    self.code = code
    self.parameter = parameter
    self.message = message
    self.retryAfter = retryAfter
  }

  /// The body of the answer.
  public var json: JSON {
    [
      "error": [
        "message": .string(message), "type": .string(type), "code": code.map { .string($0) } ?? .null,
        "param": parameter.map { .string($0) } ?? .null,
      ]
    ]
  }

  /// The headers that belong to the body.
  var headers: HTTPFields {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    if status == 401 { headers[.wwwAuthenticate] = "Bearer" }
    return headers
  }
}

extension RequestFailure {
  /// A field whose value is wrong.
  static func invalid(_ field: String, _ problem: String, code: String = "invalid_value") -> RequestFailure {
    RequestFailure(
      status: 400, type: "invalid_request_error", code: code, parameter: field, message: "\(field): \(problem)")
  }

  /// A body that is not what the route takes.
  static func malformed(_ message: String, code: String = "invalid_json") -> RequestFailure {
    RequestFailure(status: 400, type: "invalid_request_error", code: code, message: message)
  }

  static func tooLarge(_ message: String) -> RequestFailure {
    RequestFailure(status: 413, type: "invalid_request_error", code: "request_too_large", message: message)
  }

  static func overloaded(_ message: String, retryAfter: Int) -> RequestFailure {
    RequestFailure(
      status: 429, type: "rate_limit_error", code: "overloaded", message: message, retryAfter: retryAfter)
  }

  static func unavailable(_ message: String, code: String, retryAfter: Int = 1) -> RequestFailure {
    RequestFailure(status: 503, type: "server_error", code: code, message: message, retryAfter: retryAfter)
  }

  static func modelFailed(_ id: String, _ problem: String, retryAfter: Int) -> RequestFailure {
    unavailable("the model '\(id)' cannot be loaded: \(problem)", code: "model_failed", retryAfter: retryAfter)
  }

  static let draining = unavailable("the server is shutting down", code: "shutting_down", retryAfter: 5)
  static let timedOut = RequestFailure(
    status: 408, type: "invalid_request_error", code: "request_timeout", message: "the request did not come in time")

  static func notFound(_ path: String) -> RequestFailure {
    RequestFailure(
      status: 404, type: "invalid_request_error", code: "not_found",
      message: "there is no '\(FieldReader.quoted(path))' here")
  }

  static func unknownModel(_ name: String, known: [String]) -> RequestFailure {
    RequestFailure(
      status: 404, type: "invalid_request_error", code: "model_not_found", parameter: "model",
      message: "model: there is no '\(FieldReader.quoted(name))'; served here: \(known.joined(separator: ", "))")
  }
}

extension RequestFailure: CustomStringConvertible {
  /// The sentence.
  public var description: String { message }
}
