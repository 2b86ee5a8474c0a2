import Tensors

/// Least squares in Double with this engine's own Cholesky and QR factors: no system library is needed.
///
/// Row-major matrices: F is [rows, columns], Y [rows, outputs], the solution W [columns, outputs].
public enum LeastSquares {
  /// The W that makes ‖FW - Y‖² + λ‖W‖² smallest.
  ///
  /// With λ > 0 by Cholesky's factor of FᵀF + λI, or where F is wide of FFᵀ + λI, since (FᵀF + λI)⁻¹Fᵀ =
  /// Fᵀ(FFᵀ + λI)⁻¹. With λ = 0 the shortest of all solutions, as the pseudo-inverse gives it, by QR factors with pivots
  /// (Golub, Van Loan: Matrix computations, 5.5): so features that depend on each other do no harm.
  ///
  /// - Parameters:
  ///   - features: F, [rows, columns].
  ///   - targets: Y, [rows, outputs].
  ///   - rows: at least 1.
  ///   - ridge: λ, 0 or more.
  ///   - context: whose threads compute.
  /// - Throws: ``DataError`` for sizes that do not fit, or numbers that are not finite.
  public static func solve(
    _ features: [Double], _ targets: [Double], rows: Int, ridge: Double, context: Context
  ) throws(DataError) -> [Double] {
    guard rows > 0, features.count.isMultiple(of: rows), targets.count.isMultiple(of: rows), !features.isEmpty,
      !targets.isEmpty
    else {
      throw .mismatch(
        field: "features", found: "\(features.count) and \(targets.count) numbers", expected: "\(rows) rows of both")
    }
    guard ridge.isFinite, ridge >= 0 else {
      throw .invalidOption(field: "ridge", value: "\(ridge)", expected: "a finite number, 0 or more")
    }
    guard features.allSatisfy(\.isFinite), targets.allSatisfy(\.isFinite) else {
      throw .mismatch(field: "features", found: "a number that is not finite", expected: "finite ones")
    }
    let (columns, outputs) = (features.count / rows, targets.count / rows)
    if ridge == 0 { return PivotedQR(features, rows: rows, columns: columns).shortest(targets, outputs: outputs) }
    let f = tensor(features, [rows, columns], context)
    let y = tensor(targets, [rows, outputs], context)
    let solution: [Double]?
    if columns <= rows {
      let gram = numbers(context.matmul(f.transposed(), f), context)
      let right = numbers(context.matmul(f.transposed(), y), context)
      solution = Cholesky(gram, size: columns, ridge: ridge, context: context)?.solve(right, outputs: outputs)
    } else {
      let gram = numbers(context.matmul(f, f.transposed()), context)
      let dual = Cholesky(gram, size: rows, ridge: ridge, context: context)?.solve(targets, outputs: outputs)
      solution = dual.map { numbers(context.matmul(f.transposed(), tensor($0, [rows, outputs], context)), context) }
    }
    if let solution { return solution }
    // λ is lost beside FᵀF by rounding: then the rows of √λ I below F keep it.
    var (f2, y2) = (features, targets)
    f2 += (0..<columns * columns).map { $0 % (columns + 1) == 0 ? ridge.squareRoot() : 0 }
    y2 += [Double](repeating: 0, count: columns * outputs)
    return PivotedQR(f2, rows: rows + columns, columns: columns).shortest(y2, outputs: outputs)
  }

  private static func tensor(_ values: [Double], _ shape: [Int], _ context: Context) -> Tensor {
    let tensor = context.empty([shape[0], shape[1]], .f64)
    tensor.pointer(as: Double.self).update(from: values, count: values.count)
    return tensor
  }

  private static func numbers(_ x: Tensor, _ context: Context) -> [Double] {
    let plain = context.contiguous(x)
    return withExtendedLifetime(plain) {
      Array(UnsafeBufferPointer(start: plain.pointer(as: Double.self), count: plain.count))
    }
  }
}
