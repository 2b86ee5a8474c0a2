import Foundation

/// How much the rows of the reliability table do: enough for each commit, or the numbers of a release, with
/// `VENTURI_SOAK=full` (`Scripts/soak-server`).
enum Soak {
  static let isFull = ProcessInfo.processInfo.environment["VENTURI_SOAK"] == "full"

  /// How long rows last that go on for a time, in seconds, where the environment says so.
  static let seconds = ProcessInfo.processInfo.environment["VENTURI_SOAK_SECONDS"].flatMap { Double($0) }

  static func count(_ few: Int, _ full: Int) -> Int { isFull ? full : few }

  /// Tells a row's numbers, in one line.
  static func report(_ row: String, asked: String, measured: String) {
    print("soak \(row): asked \(asked) / measured \(measured)")
  }

  /// Bytes of this process that are in memory.
  static var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }

  static var openFiles: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0 }

  /// The `share` of the sorted values below the result.
  static func percentile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}
