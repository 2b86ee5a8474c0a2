import NumericTypes

/// When requests arrive.
public enum Arrivals: Sendable, Hashable {
  /// At random with `rate` a second, independently of each other.
  case poisson(rate: Double)
  /// At random, in turns at a high and a low rate: `peak` times the mean rate for `share` of the time, with bursts of
  /// `seconds` on average (a Markov-modulated Poisson process of two states).
  case bursty(rate: Double, peak: Double, share: Double, seconds: Double)
  /// Evenly.
  case even(rate: Double)

  /// The mean rate, in requests a second.
  public var rate: Double {
    switch self {
    case .poisson(let rate), .bursty(let rate, _, _, _), .even(let rate): rate
    }
  }

  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  func validate() throws(PlannerError) {
    guard rate >= 0, rate <= 1e6 else { throw .invalid(field: "rate", problem: "\(rate) lies outside 0…10⁶ /s") }
    if case .bursty(_, let peak, let share, let seconds) = self {
      guard peak >= 1, peak <= 1000 else { throw .invalid(field: "peak", problem: "\(peak) lies outside 1…1000") }
      guard share > 0, share < 1, share * peak <= 1 else {
        throw .invalid(field: "share", problem: "\(share) of the time at \(peak) times the rate is no share of it")
      }
      guard seconds > 0, seconds <= 1e6 else {
        throw .invalid(field: "seconds", problem: "\(seconds) lies outside 0…10⁶ s")
      }
    }
  }

  /// The times below `end`, ascending.
  func times(until end: Double, random: inout Random) -> [Double] {
    guard rate > 0 else { return [] }
    var times: [Double] = []
    switch self {
    case .poisson(let rate):
      var time = random.exponential(mean: 1 / rate)
      while time < end {
        times.append(time)
        time += random.exponential(mean: 1 / rate)
      }
    case .even(let rate):
      var number = 1.0
      while number / rate < end {
        times.append(number / rate)
        number += 1
      }
    case .bursty(let rate, let peak, let share, let seconds):
      let rates = (high: rate * peak, low: rate * (1 - share * peak) / (1 - share))
      let quiet = seconds * (1 - share) / share
      var isBurst = random.uniform() < share
      var (start, time) = (0.0, 0.0)
      while start < end {
        let stop = start + random.exponential(mean: isBurst ? seconds : quiet)
        let current = isBurst ? rates.high : rates.low
        time = start
        // Where a state ends, what is left of a gap may be drawn anew: it has no memory.
        while current > 0 {
          time += random.exponential(mean: 1 / current)
          guard time < min(stop, end) else { break }
          times.append(time)
        }
        start = stop
        isBurst.toggle()
      }
    }
    return times
  }
}
