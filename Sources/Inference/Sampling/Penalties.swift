extension Float {
  /// The nearest finite number if `original` is finite.
  func finite(ifSo original: Float) -> Float {
    original.isFinite ? min(max(self, -.greatestFiniteMagnitude), .greatestFiniteMagnitude) : self
  }
}

/// Penalties for what the last tokens already say; counted as tokens come and go.
struct Penalties {
  private let window: Int
  private let repeatPenalty: Float
  private let frequency: Float
  private let presence: Float
  private var counts: [Int32: Int] = [:]
  /// The tokens of the history that are counted.
  private var counted = 0..<0

  init(_ options: GenerationOptions) {
    window = options.penaltyWindow < 0 ? Int.max : options.penaltyWindow
    repeatPenalty = options.repeatPenalty
    frequency = options.frequencyPenalty
    presence = options.presencePenalty
  }

  var isActive: Bool { window > 0 && (repeatPenalty != 1 || frequency != 0 || presence != 0) }

  /// Changes the logits of the ids among the last tokens of `history`, which grows from call to call.
  mutating func apply(_ history: [Int32], to logits: inout [Float]) {
    guard isActive else { return }
    if history.count < counted.upperBound {
      counts = [:]
      counted = 0..<0
    }
    let wanted = max(0, history.count - window)..<history.count
    for index in counted.lowerBound..<min(wanted.lowerBound, counted.upperBound) {
      let id = history[index]
      if let count = counts[id], count > 1 { counts[id] = count - 1 } else { counts[id] = nil }
    }
    for index in max(wanted.lowerBound, counted.upperBound)..<wanted.upperBound {
      counts[history[index], default: 0] += 1
    }
    counted = wanted
    for (id, count) in counts where id >= 0 && Int(id) < logits.count {
      let logit = logits[Int(id)]
      let divided = logit > 0 ? logit / repeatPenalty : logit * repeatPenalty
      // A penalty makes a token unlikely, never impossible.
      logits[Int(id)] = (divided - Float(count) * frequency - presence).finite(ifSo: logit)
    }
  }
}
