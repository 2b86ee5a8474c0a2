import Console
import Logging
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes log entries to standard error, each on a line of its own whatever is in it.
struct StandardErrorLog: LogHandler {
  let label: String
  private let isJSON: Bool
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(label: String, form: LogForm) {
    self.label = label
    isJSON = form.isJSON
    logLevel = form.level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    for (key, value) in event.metadata ?? [:] { all[key] = value }
    let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    if isJSON {
      let head = [
        JSON.Member("time", .string(Self.now)), JSON.Member("level", .string(event.level.rawValue)),
        JSON.Member("message", .string("\(event.message)")),
      ]
      Output.note(JSON.object(head + fields.map { JSON.Member($0.0, .string($0.1)) }).line)
    } else {
      let words = fields.map { " \($0.0)=\(Self.word($0.1))" }.joined()
      Output.note("\(Self.now) \(event.level.rawValue) \(Self.flat("\(event.message)"))\(words)")
    }
  }

  /// A value that cannot be taken for several.
  private static func word(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
    return isPlain ? text : JSON.string(text).line
  }

  private static func flat(_ text: String) -> String {
    text.contains(where: \.isNewline) ? JSON.string(text).line : text
  }

  /// The time of day in UTC, as RFC 3339 has it.
  private static var now: String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var parts = tm()
    gmtime_r(&time.tv_sec, &parts)
    func digits(_ number: some BinaryInteger, _ count: Int) -> String {
      let text = "\(number)"
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let day = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let clock = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
    return "\(day)T\(clock).\(digits(time.tv_nsec / 1_000_000, 3))Z"
  }
}
