import HTTPTypes
import Hummingbird
import NIOCore
import ServerPage

/// `GET /`, `/figures`, `/systems` and what they load from `/page/`: the web page. It holds nothing that is worth a key; what
/// it asks for, it asks for with one.
struct PageRoutes {
  var routes: [Route] {
    PageFile.all.map { file in
      Route(.get, file.paths, isOpen: true, answersWhileDraining: true) { request, _ in
        Response(
          request, bytes: file.bytes, tag: file.tag, headers: Self.headers.merging([.contentType: file.type]))
      }
    }
  }

  /// What the page may do in a browser: run, show and call what this server gives, and nothing else. No text can become
  /// a script, since the last two rules take the ways to do so from the page's own code too.
  static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].joined(separator: "; ")

  private static let headers: HTTPFields = [
    .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff", .crossOriginResourcePolicy: "same-origin",
    .crossOriginOpenerPolicy: "same-origin", .referrerPolicy: "no-referrer",
  ]
}

extension HTTPFields {
  fileprivate func merging(_ other: HTTPFields) -> HTTPFields {
    var all = self
    for field in other { all[field.name] = field.value }
    return all
  }
}

extension Response {
  /// A content that browsers keep and ask about again: one that has it is told so instead.
  init(_ request: Request, bytes: [UInt8], tag: String, headers: HTTPFields) {
    var headers = headers
    headers[.eTag] = tag
    headers[.cacheControl] = "no-cache"
    let known = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
      .map { $0.drop { $0 == " " } }.map { $0.hasPrefix("W/") ? $0.dropFirst(2) : $0 }
      .map { $0.prefix { $0 != " " } }
    if known.contains(where: { $0 == tag || $0 == "*" }) {
      headers[.contentType] = nil
      self.init(status: .notModified, headers: headers)
    } else {
      self.init(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
  }
}

extension HTTPField.Name {
  static let crossOriginOpenerPolicy = name("Cross-Origin-Opener-Policy")
  static let referrerPolicy = name("Referrer-Policy")
}
