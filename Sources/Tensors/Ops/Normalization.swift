import Numerics

extension Context {
  /// x / √(mean(x²) + ε) · w along the last axis (Zhang, Sennrich: Root mean square layer normalization, 2019).
  public func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) -> Tensor {
    let y = empty(x.shape)
    let rows = x.shape.rows
    let n = x.shape.last
    let (source, target, w) = (x.pointer(as: Float.self), y.pointer(as: Float.self), weight.pointer(as: Float.self))
    let workers = workers
    let body: (Int, Int) -> Void = { row, _ in
      let s = source + row * n
      let t = target + row * n
      var acc = SIMD8<Float>(repeating: 0)
      var i = 0
      while i + 8 <= n {
        let v = UnsafeRawPointer(s + i).loadUnaligned(as: SIMD8<Float>.self)
        acc += v * v
        i += 8
      }
      var sum = acc.sum()
      while i < n {
        sum += s[i] * s[i]
        i += 1
      }
      let r = 1 / (sum / Float(n) + epsilon).squareRoot()
      for i in 0..<n { t[i] = s[i] * r * w[i] }
    }
    perform {
      if rows <= 8 {
        for row in 0..<rows { body(row, 0) }
      } else {
        workers.run(rows, body)
      }
    }
    return y
  }
}
