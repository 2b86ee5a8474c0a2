import Formats
import Hummingbird
import NIOCore

extension Response {
  /// An answer of one JSON value.
  init(json: JSON, status: HTTPResponse.Status = .ok) {
    self.init(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: json.line)))
  }
}
