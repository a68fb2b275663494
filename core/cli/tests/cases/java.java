package shop;

import java.util.ArrayList;
import java.util.List;

public class Order {
    private final List<Line> lines = new ArrayList<>();

    public void add(Line line) {
        lines.add(line);
    }

    public int total() {
        int sum = 0;
        for (Line line : lines) {
            sum += $0
        }
        return sum;
    }
}
