import Console
import Formats
import Planner

/// Published figures beside what the planner predicts of them, for people and as JSON.
enum PredictionTable {
  /// A line for each: prediction, published figure, its error, the plain model's, and whether the row is evidence.
  static func text(_ predictions: [Prediction]) -> String {
    func percent(_ value: Double) -> String {
      value.isFinite ? (value > 0 ? "+" : "") + Human.fixed(100 * value, 1) + " %" : "–"
    }
    let rows = predictions.map { row in
      [
        row.name, figure(row.predicted), figure(row.published), percent(row.error), percent(row.plainError),
        row.met ? "" : "missed",
        [row.heldOut ? nil : "fitted", row.verified ? nil : "recalled"].compactMap { $0 }.joined(separator: ", "),
      ]
    }
    return Human.table(
      [["", "predicted", "published", "error", "plain", "", ""]] + rows, numeric: [1, 2, 3, 4])
  }

  /// Four significant digits, whole numbers whole.
  static func figure(_ value: Double) -> String {
    let size = value.magnitude
    if size >= 1000 || value == value.rounded() {
      return Human.fixed(value, size < 1e4 && value != value.rounded() ? 1 : 0)
    }
    return Human.fixed(value, size >= 100 ? 1 : size >= 10 ? 2 : 3)
  }
}
