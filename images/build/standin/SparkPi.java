package org.apache.spark.examples;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * The job that AWS's validator submits, under its name: PySpark's distribution has no jar of examples. It estimates pi by
 * counting the points of a grid that lie within the circle, so that the result is always the same.
 */
public final class SparkPi {
  private static final int SIDE = 1000;

  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().appName("SparkPi").getOrCreate();
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    List<Integer> rows = IntStream.range(0, SIDE).boxed().collect(Collectors.toList());
    long inside = context.parallelize(rows, 2).map(SparkPi::inside).reduce(Long::sum);
    System.out.println("Pi is roughly " + 4.0 * inside / SIDE / SIDE);
    spark.stop();
  }

  private static long inside(int row) {
    double y = (row + 0.5) / SIDE;
    return IntStream.range(0, SIDE).filter(x -> Math.hypot((x + 0.5) / SIDE, y) <= 1).count();
  }
}
