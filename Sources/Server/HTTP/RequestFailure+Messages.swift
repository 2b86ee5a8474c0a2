import Formats
import Hummingbird
import NIOCore

extension RequestFailure {
  /// The body of the answer in the form of Anthropic's interface.
  var messagesJSON: JSON {
    let kind =
      switch status {
      case 401: "authentication_error"
      case 403: "permission_error"
      case 404: "not_found_error"
      case 413: "request_too_large"
      case 429: "rate_limit_error"
      case 503: "overloaded_error"
      case 500...: "api_error"
      default: "invalid_request_error"
      }
    return ["type": "error", "error": ["type": .string(kind), "message": .string(message)]]
  }

  /// The answer to a request, in the form of the interface that its path belongs to.
  func response(to request: Request) -> Response {
    let path = request.uri.path
    let body = path == MessagesForm.path ? messagesJSON : path.hasPrefix(OllamaRoutes.prefix) ? ollama : json
    return Response(
      status: HTTPResponse.Status(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(string: body.line)))
  }
}
