import CVenturi
import NumericTypes

/// What the rules of Adam's family have in common: averages of the gradient and of its square.
struct AdamStep {
  var beta1: Double
  var beta2: Double
  var epsilon: Double

  func validate(_ rule: String) throws(OptimizerError) {
    try check("\(rule).beta1", beta1, .fraction)
    try check("\(rule).beta2", beta2, .fraction)
    try check("\(rule).epsilon", epsilon, .positive)
  }

  func slots(_ shape: Shape, amsgrad: Bool = false) -> [StateSlot] {
    ["firstMoment", "secondMoment"].map { StateSlot($0, shape) } + (amsgrad ? [StateSlot("largestMoment", shape)] : [])
  }

  /// 1 - beta1^step.
  func firstCorrection(_ step: Int) -> Double { 1 - power(beta1, step) }
  /// 1 - beta2^step.
  func secondCorrection(_ step: Int) -> Double { 1 - power(beta2, step) }

  /// The kernel's settings for w -= decay · w + (ofMoment · m + ofGradient · g) / (√(v / correction) + ε).
  func settings(
    _ step: Int, ofMoment: Double, ofGradient: Double = 0, coupled: Double = 0, decay: Double = 0
  ) -> vt_adam_step {
    vt_adam_step(
      rest1: Float(1 - beta1), rest2: Float(1 - beta2), coupled: Float(coupled), decay: Float(decay),
      of_m: Float(ofMoment), of_g: Float(ofGradient), root: Float(1 / secondCorrection(step).squareRoot()),
      epsilon: Float(epsilon))
  }

  /// Runs the kernel over the weights; the state begins with the two moments, and the largest for amsgrad.
  func run(_ update: Update, _ settings: vt_adam_step, amsgrad: Bool = false) {
    let kernels = update.context.updateKernels
    let (w, g) = (update.pointer(update.weights), update.pointer(update.gradient))
    let (m, v) = (update.pointer(update.state[0]), update.pointer(update.state[1]))
    let largest = amsgrad ? update.pointer(update.state[2]) : nil
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.adam(
          $0, Int64(range.count), w + start, g + start, m + start, v + start, largest.map { $0 + start })
      }
    }
  }
}
