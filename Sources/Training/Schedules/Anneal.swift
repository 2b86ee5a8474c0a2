import Foundation

/// The way from one rate to another.
public enum Anneal: String, Sendable, CaseIterable {
  /// In even steps.
  case linear
  /// Half a wave of the cosine: slow at both ends.
  case cosine
  /// 1 - √t: fast at first (Hägele et al.: Scaling laws and compute-optimal training beyond fixed training durations, 2024).
  case oneMinusRoot

  /// The value at `part` from 0 to 1 of the way.
  func value(from start: Double, to end: Double, at part: Double) -> Double {
    switch self {
    case .linear: start + (end - start) * part
    case .cosine: end + (start - end) * (1 + cos(.pi * part)) / 2
    case .oneMinusRoot: end + (start - end) * (1 - part.squareRoot())
    }
  }
}
