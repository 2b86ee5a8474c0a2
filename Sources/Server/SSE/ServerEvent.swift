import Formats

/// One server-sent event.
struct ServerEvent: Sendable, Equatable {
  /// The event's name, where the interface has names.
  var name: String?
  /// Its data; `nil` for the word that ends a stream.
  var data: JSON?

  /// An event with data.
  init(_ data: JSON, name: String? = nil) {
    self.name = name
    self.data = data
  }

  private init() {}

  /// `[DONE]`.
  static let done = ServerEvent()

  /// The event as it is written.
  var text: String {
    (name.map { "event: \($0)\n" } ?? "") + "data: \(data?.line ?? "[DONE]")\n\n"
  }
}
