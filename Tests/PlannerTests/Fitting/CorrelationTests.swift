import Planner
import Testing

@Suite("Correlations") struct CorrelationTests {
  @Test("Pearson's r by hand, and where there is none")
  func pearson() throws {
    #expect(try abs(#require(Correlation.pearson([1, 2, 3], [2, 4, 6])) - 1) < 1e-15)
    #expect(try abs(#require(Correlation.pearson([1, 2, 3], [5, 3, 1])) + 1) < 1e-15)
    // Deviations (−1.5, −0.5, 0.5, 1.5) and (−1, 1, −1, 1): 2 / √(5·4).
    #expect(try abs(#require(Correlation.pearson([1, 2, 3, 4], [0, 2, 0, 2])) - 2 / 20.0.squareRoot()) < 1e-15)
    #expect(Correlation.pearson([1], [1]) == nil && Correlation.pearson([1, 2], [1]) == nil)
    #expect(Correlation.pearson([1, 1], [1, 2]) == nil && Correlation.pearson([1, .nan], [1, 2]) == nil)
    #expect(Correlation.pearson([1, .infinity], [1, 2]) == nil)
    #expect(try abs(#require(Correlation.spearman([1, 2, .infinity], [1, 5, 9])) - 1) < 1e-15)
  }
}
