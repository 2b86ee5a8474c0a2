import Console
import Formats
import Training

extension TrainingOutcome {
  /// What sampled or 4-bit products say of themselves, for people: a line for each layer and one for all.
  var figureLines: [String] {
    var lines: [String] = []
    if let sampled = figures["wtaCRS"] {
      func line(_ name: String, _ figures: JSON) -> String {
        func number(_ field: String) -> Double { figures[field]?.double ?? 0 }
        return "\(name): saved \(Human.bytes(Int(number("savedBytes")))), c/k \(Human.fixed(number("certain"), 2)), "
          + "deviation \(Human.fixed(number("deviation"), 3)), variance \(Human.fixed(number("varianceRatio"), 2)) of "
          + "plain sampling's"
      }
      lines += (sampled["layers"]?.elements ?? []).map { line($0["layer"]?.text ?? "", $0) }
      lines.append(line("all layers", sampled))
    }
    if let fp4 = figures["fp4"], let packed = fp4["weightBytes"]?.int, let whole = fp4["f32Bytes"]?.int {
      lines.append("weights in four bits: \(Human.bytes(packed)) for \(Human.bytes(whole)) in f32")
    }
    return lines
  }
}
