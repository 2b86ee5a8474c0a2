import NumericTypes
import Tensors

/// Which triplets AdaLoRA keeps: those of the largest importance, the smoothed sensitivity |w ∂w| of λ and the means over its
/// two vectors, each times the smoothed uncertainty of it.
struct AdaLoRAAllocator: Sendable {
  /// A parameter with its smoothed sensitivity and uncertainty, of its shape.
  private struct Watched: Sendable {
    let parameter: Weight
    let sensitivity: Buffer
    let uncertainty: Buffer
  }

  let budget: AdaLoRABudget
  private let methods: [AdaLoRAMethod]
  private let watched: [(left: Watched, values: Watched, right: Watched)]
  /// The triplets that stay, 1, and those that are dropped, 0, of all targets one behind the other; the last choice's.
  let kept: Buffer

  init(_ builder: inout ModelBuilder, _ budget: AdaLoRABudget, _ methods: [(name: String, method: AdaLoRAMethod)]) {
    self.budget = budget
    self.methods = methods.map(\.method)
    func watch(_ weight: Weight, _ name: String) -> Watched {
      let shape = builder.parameters[weight.index].value.shape
      return Watched(
        parameter: weight, sensitivity: builder.buffer("\(name).sensitivity", shape, 0),
        uncertainty: builder.buffer("\(name).uncertainty", shape, 0))
    }
    watched = methods.map { name, method in
      (
        watch(method.left, "\(name).lora_B"), watch(method.values, "\(name).lora_E"),
        watch(method.right, "\(name).lora_A")
      )
    }
    kept = builder.buffer("adalora.kept", [methods.count * budget.rank], 1)
  }

  /// Takes the gradients of a step into the smoothed numbers, at the weights before it.
  func learn(_ gradients: [String: Tensor], _ parameters: [Parameter], _ buffers: [Parameter]) {
    for item in watched.flatMap({ [$0.left, $0.values, $0.right] }) {
      let parameter = parameters[item.parameter.index]
      guard let gradient = gradients[parameter.name] else { continue }
      let (w, g) = (parameter.value.pointer(as: Float.self), gradient.pointer(as: Float.self))
      let smooth = buffers[item.sensitivity.index].value.pointer(as: Float.self)
      let spread = buffers[item.uncertainty.index].value.pointer(as: Float.self)
      let (beta1, beta2) = (Float(budget.beta1), Float(budget.beta2))
      withExtendedLifetime(gradient) {
        for index in 0..<parameter.value.count {
          let found = abs(w[index] * g[index])
          smooth[index] = beta1 * smooth[index] + (1 - beta1) * found
          spread[index] = beta2 * spread[index] + (1 - beta2) * abs(found - smooth[index])
        }
      }
    }
  }

  /// Sets λ of all but the b(step) most important triplets to zero, where a choice is due; of equals the first stay.
  func prune(after step: Int, _ parameters: [Parameter], _ buffers: [Parameter]) {
    let rank = budget.rank
    let mask = buffers[kept.index].value.pointer(as: Float.self)
    if step <= budget.warmUp { return }
    if step % budget.every == 0 || step == budget.steps - budget.final || step == budget.steps {
      let count = budget.triplets(after: step, targets: methods.count)
      let importance = watched.flatMap { importances($0, buffers) }
      let order = importance.indices.sorted { (importance[$0], $1) > (importance[$1], $0) }
      for (place, index) in order.enumerated() { mask[index] = place < count ? 1 : 0 }
    }
    for (index, method) in methods.enumerated() {
      let values = parameters[method.values.index].value.pointer(as: Float.self)
      for triplet in 0..<rank where mask[index * rank + triplet] == 0 { values[triplet] = 0 }
    }
  }

  private func importances(
    _ item: (left: Watched, values: Watched, right: Watched), _ buffers: [Parameter]
  ) -> [Double] {
    func products(_ watched: Watched) -> [Double] {
      let smooth = buffers[watched.sensitivity.index].value.pointer(as: Float.self)
      let spread = buffers[watched.uncertainty.index].value.pointer(as: Float.self)
      return (0..<buffers[watched.sensitivity.index].value.count).map { Double(smooth[$0]) * Double(spread[$0]) }
    }
    let (left, values, right) = (products(item.left), products(item.values), products(item.right))
    let (rank, rows, columns) = (budget.rank, left.count / budget.rank, right.count / budget.rank)
    return (0..<rank).map { triplet in
      let ofLeft = (0..<rows).reduce(0) { $0 + left[$1 * rank + triplet] } / Double(rows)
      let ofRight = (0..<columns).reduce(0) { $0 + right[triplet * columns + $1] } / Double(columns)
      return values[triplet] + ofLeft + ofRight
    }
  }
}
