#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A moment as a calendar and a clock show it; what `strftime_now` in chat templates writes.
public struct CalendarTime: Sendable, Equatable {
  /// The year.
  public var year: Int
  /// The month, 1 to 12.
  public var month: Int
  /// The day of the month, 1 to 31.
  public var day: Int
  /// The hour, 0 to 23.
  public var hour: Int
  /// The minute, 0 to 59.
  public var minute: Int
  /// The second, 0 to 60.
  public var second: Int

  /// A moment from its parts.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// The present moment, in the system's time zone.
  public static var now: CalendarTime {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return CalendarTime(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday), hour: Int(parts.tm_hour),
      minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  /// Days since 1 March of the year 0 in the Gregorian calendar.
  private var dayNumber: Int {
    let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1
  }

  /// The moment in a `strftime` format with English names; nil if it has a field that is not known.
  func formatted(_ format: String) -> String? {
    var out = ""
    var rest = format.unicodeScalars.makeIterator()
    // 1 March of the year 0 was a Wednesday.
    let weekday = ((dayNumber + 2) % 7 + 7) % 7
    let january = CalendarTime(year: year, month: 1, day: 1).dayNumber
    while let scalar = rest.next() {
      guard scalar == "%" else {
        out.unicodeScalars.append(scalar)
        continue
      }
      var field = rest.next()
      var pads = true
      if field == "-" {
        pads = false
        field = rest.next()
      }
      func number(_ value: Int, _ width: Int) {
        let digits = String(value)
        out += String(repeating: "0", count: pads ? max(0, width - digits.count) : 0) + digits
      }
      guard let field, (1...12).contains(month) else { return nil }
      switch field {
      case "Y": number(year, 4)
      case "y": number(year % 100, 2)
      case "m": number(month, 2)
      case "d": number(day, 2)
      case "H": number(hour, 2)
      case "I": number((hour + 11) % 12 + 1, 2)
      case "M": number(minute, 2)
      case "S": number(second, 2)
      case "j": number(dayNumber - january + 1, 3)
      case "p": out += hour < 12 ? "AM" : "PM"
      case "B": out += Self.months[month - 1]
      case "b", "h": out += Self.months[month - 1].prefix(3)
      case "A": out += Self.weekdays[weekday]
      case "a": out += Self.weekdays[weekday].prefix(3)
      case "F": out += formatted("%Y-%m-%d") ?? ""
      case "T": out += formatted("%H:%M:%S") ?? ""
      case "%": out += "%"
      default: return nil
      }
    }
    return out
  }
}
