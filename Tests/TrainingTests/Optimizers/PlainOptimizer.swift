import Foundation

/// Formulas of the papers over arrays of Double, one element or one matrix after the other: what rules are compared with
/// that PyTorch lacks.
protocol PlainOptimizer {
  /// Takes step `t`, from 1 on.
  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int)
}

struct PlainLion: PlainOptimizer {
  let (b1, b2, decay): (Double, Double, Double)
  var m: [Double] = []

  init(_ b1: Double, _ b2: Double, _ decay: Double) { (self.b1, self.b2, self.decay) = (b1, b2, decay) }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int) {
    if t == 1 { m = g.map { _ in 0 } }
    for i in g.indices {
      let c = b1 * m[i] + (1 - b1) * g[i]
      w[i] -= rate * ((c > 0 ? 1 : c < 0 ? -1 : 0) + decay * w[i])
      m[i] = b2 * m[i] + (1 - b2) * g[i]
    }
  }
}

struct PlainLAMB: PlainOptimizer {
  let decay: Double
  var (m, v): ([Double], [Double]) = ([], [])

  init(_ decay: Double) { self.decay = decay }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int) {
    if t == 1 { (m, v) = (g.map { _ in 0 }, g.map { _ in 0 }) }
    var u = g
    for i in g.indices {
      m[i] = 0.9 * m[i] + 0.1 * g[i]
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
      let first = m[i] / (1 - pow(0.9, Double(t)))
      let second = v[i] / (1 - pow(0.999, Double(t)))
      u[i] = first / (sqrt(second) + 1e-6) + decay * w[i]
    }
    let length = sqrt(w.reduce(0) { $0 + $1 * $1 })
    let step = sqrt(u.reduce(0) { $0 + $1 * $1 })
    let trust = length > 0 && step > 0 ? length / step : 1
    for i in g.indices { w[i] -= rate * trust * u[i] }
  }
}

/// The form of AlgoPerf: β₁ all along.
struct PlainNAdamW: PlainOptimizer {
  let decay: Double
  var (m, v): ([Double], [Double]) = ([], [])

  init(_ decay: Double) { self.decay = decay }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int) {
    if t == 1 { (m, v) = (g.map { _ in 0 }, g.map { _ in 0 }) }
    let (now, next) = (1 - pow(0.9, Double(t)), 1 - pow(0.9, Double(t + 1)))
    for i in g.indices {
      m[i] = 0.9 * m[i] + 0.1 * g[i]
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
      let first = 0.9 * m[i] / next + 0.1 * g[i] / now
      let second = v[i] / (1 - pow(0.999, Double(t)))
      w[i] -= rate * (first / (sqrt(second) + 1e-8) + decay * w[i])
    }
  }
}

/// Keeps all of x, y and z, as the paper has them. Its weights are y.
struct PlainScheduleFree: PlainOptimizer {
  let (b1, b2, decay): (Double, Double, Double)
  var (x, z, v): ([Double], [Double], [Double]) = ([], [], [])
  var sum = 0.0

  init(_ b1: Double, _ b2: Double, _ decay: Double) { (self.b1, self.b2, self.decay) = (b1, b2, decay) }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int) {
    if t == 1 { (x, z, v) = (w, w, g.map { _ in 0 }) }
    let gamma = rate * sqrt(1 - pow(b2, Double(t)))
    sum += gamma * gamma
    let c = gamma * gamma / sum
    for i in g.indices {
      let y = (1 - b1) * z[i] + b1 * x[i]
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i]
      z[i] -= gamma * (g[i] / (sqrt(v[i]) + 1e-8) + decay * y)
      x[i] = (1 - c) * x[i] + c * z[i]
      w[i] = (1 - b1) * z[i] + b1 * x[i]
    }
  }
}

/// One matrix (blocks as the rule has them), inverse roots from eigenvalues by Jacobi's rotations.
struct PlainShampoo: PlainOptimizer {
  let (rows, columns, block, interval): (Int, Int, Int, Int)
  let (beta2, epsilon, momentum, decay): (Double, Double, Double, Double)
  let graftsGradient: Bool
  private var m: [Double] = []
  private var statistics: [[[Double]]] = []
  private var roots: [[[Double]]] = []

  init(
    _ rows: Int, _ columns: Int, block: Int, interval: Int, beta2: Double, epsilon: Double, momentum: Double,
    decay: Double, graftsGradient: Bool
  ) {
    (self.rows, self.columns, self.block, self.interval) = (rows, columns, block, interval)
    (self.beta2, self.epsilon, self.momentum, self.decay) = (beta2, epsilon, momentum, decay)
    self.graftsGradient = graftsGradient
  }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double, _ t: Int) {
    var direction = g
    var index = 0
    for top in stride(from: 0, to: rows, by: block) {
      for left in stride(from: 0, to: columns, by: block) {
        let (height, width) = (min(block, rows - top), min(block, columns - left))
        let part = (0..<height).map { i in (0..<width).map { g[(top + i) * columns + left + $0] } }
        let sides = [Self.product(part, Self.transposed(part)), Self.product(Self.transposed(part), part)]
        if t == 1 {
          for side in sides {
            statistics.append(side.map { $0.map { _ in 0 } })
            roots.append([])
          }
        }
        for (side, fresh) in sides.enumerated() {
          let at = 2 * index + side
          for i in fresh.indices {
            for j in fresh.indices {
              statistics[at][i][j] =
                beta2 == 1
                ? statistics[at][i][j] + fresh[i][j] : beta2 * statistics[at][i][j] + (1 - beta2) * fresh[i][j]
            }
          }
          if t == 1 || t % interval == 0 {
            let correction = beta2 == 1 ? 1 : 1 - pow(beta2, Double(t))
            var a = statistics[at].map { $0.map { $0 / correction } }
            let norm = a.map { $0.reduce(0) { $0 + abs($1) } }.max() ?? 0
            for i in a.indices { a[i][i] += epsilon * norm }
            roots[at] = Self.power(a, -0.25)
          }
        }
        let turned = Self.product(Self.product(roots[2 * index], part), roots[2 * index + 1])
        for i in 0..<height { for j in 0..<width { direction[(top + i) * columns + left + j] = turned[i][j] } }
        index += 1
      }
    }
    if graftsGradient {
      let factor = sqrt(g.reduce(0) { $0 + $1 * $1 } / direction.reduce(0) { $0 + $1 * $1 })
      direction = direction.map { $0 * factor }
    }
    if t == 1 { m = g.map { _ in 0 } }
    for i in g.indices {
      m[i] = momentum * m[i] + direction[i]
      w[i] -= rate * (m[i] + decay * w[i])
    }
  }

  static func transposed(_ a: [[Double]]) -> [[Double]] { a[0].indices.map { j in a.map { $0[j] } } }

  static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
  }

  /// A^exponent of a symmetric positive definite A.
  static func power(_ a: [[Double]], _ exponent: Double) -> [[Double]] {
    let n = a.count
    var (a, v) = (a, (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } })
    for _ in 0..<60 {
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta >= 0 ? 1 : -1) / (abs(theta) + sqrt(theta * theta + 1))
          let c = 1 / sqrt(t * t + 1)
          let s = t * c
          for k in 0..<n {
            (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q])
          }
          for k in 0..<n {
            (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k])
            (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q])
          }
        }
      }
    }
    return (0..<n).map { i in
      (0..<n).map { j in (0..<n).reduce(0) { $0 + v[i][$1] * pow(a[$1][$1], exponent) * v[j][$1] } }
    }
  }
}
