package com.example.shop;

import java.util.List;
import static java.lang.Math.max;

@FunctionalInterface
interface Priced extends Comparable<Priced>, Named {
    long MAX = 3;

    long price(@Nullable String currency) throws IOException;
}

@Entity
@Table(name = "shops", indexes = {@Index(columnList = "name")})
public final class Shop<T> extends Base<T> implements Priced, java.io.Serializable {
    @Id @GeneratedValue private final long id = 1, other;
    private List<Map<String, T>> items;

    public Shop(final String name, T... rest) {
        super(name);
    }

    @Override
    @Deprecated
    public long price(String currency) {
        @SuppressWarnings("unused") int local = max(1, 2);
        Runnable later = () -> items.clear();
        return new Tax(currency).of(id);
    }

    enum Payment {
        CASH,
        @Old CARD
    }
}

record Pair(@NotNull String left, int right) implements Named {}
