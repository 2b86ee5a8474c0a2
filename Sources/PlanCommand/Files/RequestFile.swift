import Planner

/// Recorded requests as text: a line of names, then a request a line.
enum RequestFile {
  /// The requests of a file, in the order of their arrival, which begins at zero.
  ///
  /// The first column is seconds, or a time as Azure's traces have it, `2023-11-16 18:17:03.9799600`; then the tokens
  /// of the prompt and of the answer.
  ///
  /// - Throws: `PlannerError` naming the line.
  static func parse(_ bytes: [UInt8], path: String) throws(PlannerError) -> [SimulatedRequest] {
    var requests: [SimulatedRequest] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .map { field in String(decoding: field.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self) }
      let place = "\(path): line \(index + 1)"
      // The names of the columns.
      if index == 0, fields.count >= 3, Int(fields[1]) == nil { continue }
      guard fields.count >= 3, let arrival = seconds(fields[0]), let prompt = Int(fields[1]),
        let output = Int(fields[2])
      else { throw .invalid(field: place, problem: "there is no time and two numbers of tokens") }
      requests.append(SimulatedRequest(arrival: arrival, promptTokens: prompt, outputTokens: output))
      guard requests.count <= ServingLoad.mostRequests else {
        throw .invalid(field: path, problem: "more than \(ServingLoad.mostRequests) requests")
      }
    }
    requests.sort { $0.arrival < $1.arrival }
    let first = requests.first?.arrival ?? 0
    for index in requests.indices { requests[index].arrival -= first }
    return requests
  }

  /// Seconds, or those of a date since some day long ago.
  private static func seconds(_ text: String) -> Double? {
    if let seconds = Double(text), seconds.isFinite { return seconds }
    let parts = text.split(separator: " ")
    guard parts.count == 2 else { return nil }
    let (date, time) = (parts[0].split(separator: "-").map { Int($0) }, parts[1].split(separator: ":"))
    guard date.count == 3, time.count == 3, let year = date[0], let month = date[1], let day = date[2],
      let hour = Int(time[0]), let minute = Int(time[1]), let second = Double(time[2]), (1...9999).contains(year),
      (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute), second >= 0,
      second < 61
    else { return nil }
    // Days of the calendar, March first, so that the leap day is the year's last.
    let years = month > 2 ? year : year - 1
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day
    return Double(days * 86400 + hour * 3600 + minute * 60) + second
  }
}
